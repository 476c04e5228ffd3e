import type { AuthEvent } from "../../dist/src/event/auth-event.js";

/** A sign-in as an app behind one proxy sees it. */
export function signInEvent(): AuthEvent {
  return {
    name: "auth.sign_in",
    timeUnixMillis: Date.now(),
    outcome: "success",
    user: { id: "5f0c2a", email: "alice@example.com", fullName: "Alice Example" },
    provider: { id: "credentials", type: "credentials" },
    framework: { name: "next-auth", version: "5" },
    request: {
      clientAddress: "203.0.113.9",
      clientAddressVerified: false,
      userAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36",
      method: "POST",
      path: "/api/auth/callback/credentials",
    },
  };
}
