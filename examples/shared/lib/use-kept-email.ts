import { useEffect, useState } from "react";

const key = "authlog-demo-email";

/**
 * Keeps the address of a sign-in that failed for the next try, also where the try leaves the page and
 * NextAuth leads back to it.
 *
 * @returns the address, for `defaultValue`, and what is to be called with each form that is sent
 */
export function useKeptEmail(
  failed: boolean,
): [email: string | undefined, keep: (form: FormData) => void] {
  const [email, setEmail] = useState<string>();

  useEffect(() => {
    if (failed) setEmail(sessionStorage.getItem(key) ?? undefined);
  }, [failed]);

  function keep(form: FormData): void {
    const typed = form.get("email");
    if (typeof typed !== "string") return;
    sessionStorage.setItem(key, typed);
    setEmail(typed);
  }

  return [email, keep];
}
