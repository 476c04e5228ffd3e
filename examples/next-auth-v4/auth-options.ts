import { withAuthlog } from "authlog/next-auth";
import type { AuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { authorize, isAdmitted } from "./lib/authorize";

/** For `NextAuth`. */
export const authOptions: AuthOptions = {
  providers: [
    Credentials({ credentials: { email: {}, password: { type: "password" } }, authorize }),
  ],
  callbacks: { signIn: ({ user }) => isAdmitted(user) },
  pages: { signIn: "/", error: "/" },
};

/** For `getServerSession`, so that a session cookie that is refused there is an event, too. */
export const sessionOptions = withAuthlog(authOptions);
