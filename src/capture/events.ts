import { eventNames } from "../vocabulary.ts";
import { emitSuccess } from "./conclude.ts";
import type { Capture } from "./framework.ts";
import { readField, readUser } from "./read.ts";

/** What each of NextAuth's own events becomes; both majors have the same ones. They tell of success only. */
export const onEvent: Readonly<Record<string, (message: unknown, capture: Capture) => void>> = {
  signIn(message, capture) {
    const isNew = readField(message, "isNewUser");
    const user = readUser(readField(message, "user"));
    emitSuccess(
      capture,
      eventNames.signIn,
      typeof isNew === "boolean" ? { ...user, isNew } : user,
      readField(message, "account"),
    );
  },
  signOut(message, capture) {
    const user = readUser(readField(message, "token")) ?? readUser(readField(message, "session"));
    // A forged cookie ends no session: then there is neither, and nobody signed out.
    if (user !== undefined) emitSuccess(capture, eventNames.signOut, user);
  },
  createUser(message, capture) {
    emitSuccess(capture, eventNames.userCreate, readUser(readField(message, "user")));
  },
  updateUser(message, capture) {
    emitSuccess(capture, eventNames.userUpdate, readUser(readField(message, "user")));
  },
  linkAccount(message, capture) {
    const user = readUser(readField(message, "user"));
    emitSuccess(capture, eventNames.accountLink, user, readField(message, "account"));
  },
};
