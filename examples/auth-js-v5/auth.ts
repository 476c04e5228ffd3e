import { admit } from "authlog-example-shared/lib/admit";
import { hasLeft } from "authlog-example-shared/lib/membership";
import { sessionStrategy } from "authlog-example-shared/lib/offers";
import { sqliteAdapter } from "authlog-example-shared/lib/sqlite-adapter";
import { openUsersDatabase } from "authlog-example-shared/lib/users-database";
import { withAuthlog } from "authlog/next-auth";
import NextAuth from "next-auth";
import { providers } from "./lib/providers";

export const { handlers, auth, signIn, signOut } = withAuthlog(NextAuth)({
  providers,
  adapter: sqliteAdapter(openUsersDatabase),
  session: { strategy: sessionStrategy },
  callbacks: {
    signIn: ({ user }) => admit(user),
    jwt: ({ token }) => (hasLeft(token) ? null : token),
  },
  pages: { signIn: "/", error: "/", verifyRequest: "/" },
});
