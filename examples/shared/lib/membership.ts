import { openUsersDatabase } from "./users-database";

/**
 * For the `jwt` callback, which is asked at each sign-in and each time that a session is read: whoever
 * has left is out at once, and not when the token is past its time.
 */
export function hasLeft({ email }: { email?: string | null }): boolean {
  if (!email) return false;
  return (
    openUsersDatabase().prepare("SELECT 1 FROM leavers WHERE email = ?").get(email) !== undefined
  );
}
