import { getSlot } from "../slot.ts";
import { eventNames } from "../vocabulary.ts";
import { currentAttempt } from "./attempt.ts";
import { emitSessionRead, emitSuccess } from "./conclude.ts";
import type { Capture } from "./framework.ts";
import { readField, readSession, readUser } from "./read.ts";
import { ownerOf } from "./session-owner.ts";

/** What each of NextAuth's own events becomes; both majors have the same ones. They tell of success only. */
export const onEvent: Readonly<Record<string, (message: unknown, capture: Capture) => void>> = {
  signIn(message, capture) {
    const isNew = readField(message, "isNewUser");
    const user = readUser(readField(message, "user"));
    emitSuccess(capture, eventNames.signIn, {
      user: typeof isNew === "boolean" ? { ...user, isNew } : user,
      account: readField(message, "account"),
    });
  },
  signOut(message, capture) {
    const row = readField(message, "session");
    const user =
      readUser(readField(message, "token")) ?? currentAttempt()?.user ?? ownerOf({ session: row });
    // A forged cookie ends no session: then there is none of them, and nobody signed out.
    if (user === undefined) return;
    emitSuccess(capture, eventNames.signOut, { user, session: readSession(row) });
  },
  createUser(message, capture) {
    emitSuccess(capture, eventNames.userCreate, { user: readUser(readField(message, "user")) });
  },
  updateUser(message, capture) {
    emitSuccess(capture, eventNames.userUpdate, { user: readUser(readField(message, "user")) });
  },
  linkAccount(message, capture) {
    emitSuccess(capture, eventNames.accountLink, {
      user: readUser(readField(message, "user")),
      account: readField(message, "account"),
    });
  },
  session(message, capture) {
    if (getSlot().capture?.samplesSessionRead() !== true) return;
    // The session itself is what the app's callback made of it; it has its user in a field.
    const session = readField(message, "session");
    // By default it names a database session's user without the id.
    const user = readUser(readField(message, "token")) ?? {
      ...currentAttempt()?.user,
      ...readUser(readField(session, "user")),
    };
    void emitSessionRead(capture, user);
  },
};
