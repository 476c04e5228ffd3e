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

/** The same facts as a record that an app would write by hand. */
export function stockRecord(): object {
  return {
    eventName: "auth.sign_in",
    timestamp: Date.now(),
    severityNumber: 9,
    severityText: "INFO",
    body: "alice@example.com signed in with credentials",
    attributes: {
      "log.record.uid": "01998f3e-7f5c-7e51-9b3a-0d5b2f6c1a77",
      "authlog.producer.id": "3f0f9f9e-9d52-4b7e-8d7a-1f6f4f0f3b5d",
      "authlog.sequence": 1,
      "auth.outcome": "success",
      "user.id": "5f0c2a",
      "user.email": "alice@example.com",
      "user.full_name": "Alice Example",
      "auth.provider.id": "credentials",
      "auth.provider.type": "credentials",
      "auth.framework.name": "next-auth",
      "auth.framework.version": "5",
      "client.address": "203.0.113.9",
      "auth.client.address.verified": false,
      "user_agent.original":
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0 Safari/537.36",
      "http.request.method": "POST",
      "url.path": "/api/auth/callback/credentials",
    },
  };
}
