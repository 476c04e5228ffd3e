import { createRequire } from "node:module";
import { encode as encode5 } from "@auth/core/jwt";

// The root of the workspace has next-auth 5; version 4 stands beside the example that uses it.
const require = createRequire(
  new URL("../../../examples/next-auth-v4/package.json", import.meta.url),
);
const { encode: encode4 } = require("next-auth/jwt") as {
  encode: (options: { secret: string; maxAge: number; token: object }) => Promise<string>;
};

/** A session cookie's value, made as NextAuth makes it. */
export function encodeSession(
  major: "v4" | "v5",
  { secret, maxAgeSeconds: maxAge }: { secret: string; maxAgeSeconds: number },
): Promise<string> {
  const token = { sub: "1", email: "alice@example.com" };
  return major === "v4"
    ? encode4({ secret, maxAge, token })
    : encode5({ secret, maxAge, token, salt: "authjs.session-token" });
}
