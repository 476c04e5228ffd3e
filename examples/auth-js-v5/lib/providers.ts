import { offers } from "authlog-example-shared/lib/offers";
import { toProfile } from "authlog-example-shared/lib/to-profile";
import type { NextAuthConfig } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import Nodemailer from "next-auth/providers/nodemailer";
import { authorize } from "./authorize";

const { AUTH_LOCAL_ID_CLAIM = "sub", EMAIL_SERVER, EMAIL_FROM } = process.env;

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
    profile: (claims) => toProfile(claims, AUTH_LOCAL_ID_CLAIM),
  });
}

if (offers.email) {
  providers.push(Nodemailer({ id: "email", server: EMAIL_SERVER, from: EMAIL_FROM }));
}
