import { offers } from "authlog-example-shared/lib/offers";
import { toProfile } from "authlog-example-shared/lib/to-profile";
import type { AuthOptions } from "next-auth";
import Credentials from "next-auth/providers/credentials";
import Email from "next-auth/providers/email";
import { authorize } from "./authorize";

const {
  AUTH_LOCAL_ISSUER,
  AUTH_LOCAL_ID = "",
  AUTH_LOCAL_SECRET = "",
  AUTH_LOCAL_ID_CLAIM = "sub",
  EMAIL_SERVER,
  EMAIL_FROM,
} = process.env;

export const providers: AuthOptions["providers"] = [];

if (offers.password) {
  providers.push(
    Credentials({ credentials: { email: {}, password: { type: "password" } }, authorize }),
  );
}

if (offers.openId) {
  providers.push({
    id: "local",
    name: "the local OpenID provider",
    type: "oauth",
    wellKnown: `${AUTH_LOCAL_ISSUER}/.well-known/openid-configuration`,
    clientId: AUTH_LOCAL_ID,
    clientSecret: AUTH_LOCAL_SECRET,
    authorization: { params: { scope: "openid profile email" } },
    idToken: true,
    checks: ["pkce", "state"],
    profile: (claims: Record<string, unknown>) => toProfile(claims, AUTH_LOCAL_ID_CLAIM),
  });
}

if (offers.email) {
  providers.push(Email({ server: EMAIL_SERVER, from: EMAIL_FROM }));
}
