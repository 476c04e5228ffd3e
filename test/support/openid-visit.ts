import type { OpenIdProvider } from "../../examples/identity/openid-provider.ts";

/**
 * Goes where the app led, to the OpenID provider, and says there who one is.
 *
 * @returns where the provider leads back to; nobody has gone there yet
 */
export async function signInAt(
  { issuer }: Pick<OpenIdProvider, "issuer">,
  start: string,
  person: string,
): Promise<URL> {
  const cookies = new Map<string, string>();
  let at = new URL(start);
  if (at.origin !== issuer) throw new Error(`The app led to ${at.href}, and not to ${issuer}.`);
  while (at.origin === issuer) {
    const form = at.pathname.startsWith("/sign-in/") ? new URLSearchParams({ person }) : undefined;
    const response = await fetch(at, {
      redirect: "manual",
      headers: { cookie: [...cookies].map((pair) => pair.join("=")).join("; ") },
      ...(form && { method: "POST", body: form }),
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = "", value = ""] = (line.split(";")[0] ?? "").split(/=(.*)/s);
      cookies.set(name, value);
    }
    const location = response.headers.get("location");
    if (location === null) throw new Error(`${at.href} answered ${response.status}.`);
    at = new URL(location, issuer);
  }
  return at;
}
