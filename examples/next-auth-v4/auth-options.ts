import { admit } from "authlog-example-shared/lib/admit";
import { hasLeft } from "authlog-example-shared/lib/membership";
import { sessionStrategy } from "authlog-example-shared/lib/offers";
import { sqliteAdapter } from "authlog-example-shared/lib/sqlite-adapter";
import { openUsersDatabase } from "authlog-example-shared/lib/users-database";
import { withAuthlog } from "authlog/next-auth";
import type { AuthOptions } from "next-auth";
import { providers } from "./lib/providers";

/** For `NextAuth`. */
export const authOptions: AuthOptions = {
  providers,
  adapter: sqliteAdapter(openUsersDatabase),
  session: { strategy: sessionStrategy },
  callbacks: {
    signIn: ({ user }) => withOrigin(admit(user)),
    jwt({ token }) {
      // Version 4 takes no `null` for an answer.
      if (hasLeft(token)) throw new Error("This person has left.");
      return token;
    },
  },
  pages: { signIn: "/", error: "/", verifyRequest: "/?type=email" },
};

/** For `getServerSession`, so that a session cookie that is refused there is an event, too. */
export const sessionOptions = withAuthlog(authOptions);

/** A script that signs in without leaving its page reads only addresses that are whole. */
function withOrigin(verdict: string | boolean): string | boolean {
  const app = process.env["NEXTAUTH_URL"];
  return typeof verdict === "string" && app ? new URL(verdict, app).href : verdict;
}
