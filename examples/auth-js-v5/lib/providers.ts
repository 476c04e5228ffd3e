import type { NextAuthConfig } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import Nodemailer from "next-auth/providers/nodemailer";
import { authorize } from "./authorize";

const { AUTH_LOCAL_ISSUER, AUTH_LOCAL_ID_CLAIM = "sub", EMAIL_SERVER, EMAIL_FROM } = process.env;

/** Where sessions are kept. */
export const sessionStrategy = process.env["SESSION_STRATEGY"] === "database" ? "database" : "jwt";

/** Which ways to sign in the app offers. What it was not told of is not there. */
export const offers = {
  // NextAuth gives no session in a database to those who come with a password.
  password: sessionStrategy === "jwt",
  openId: AUTH_LOCAL_ISSUER !== undefined,
  email: EMAIL_SERVER !== undefined,
};

export const providers: NextAuthConfig["providers"] = [];

if (offers.password) {
  providers.push(
    Credentials({ credentials: { email: {}, password: { type: "password" } }, authorize }),
  );
}

if (offers.openId) {
  providers.push({
    // By this id Auth.js finds AUTH_LOCAL_ISSUER, AUTH_LOCAL_ID and AUTH_LOCAL_SECRET itself.
    id: "local",
    name: "the local OpenID provider",
    type: "oidc",
    checks: ["pkce", "state"],
    profile: (claims) => ({
      id: claims[AUTH_LOCAL_ID_CLAIM] as string,
      name: claims.name,
      email: claims.email,
    }),
  });
}

if (offers.email) {
  providers.push(Nodemailer({ id: "email", server: EMAIL_SERVER, from: EMAIL_FROM }));
}
