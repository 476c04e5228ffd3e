import { withAuthlog } from "authlog/next-auth";
import NextAuth from "next-auth";
import Credentials from "next-auth/providers/credentials";
import { authorize, isAdmitted } from "./lib/authorize";

export const { handlers, auth, signIn, signOut } = withAuthlog(NextAuth)({
  providers: [
    Credentials({ credentials: { email: {}, password: { type: "password" } }, authorize }),
  ],
  callbacks: { signIn: ({ user }) => isAdmitted(user) },
  pages: { signIn: "/", error: "/" },
});
