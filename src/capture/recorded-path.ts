import { isKnownAction, type RequestTarget } from "./request-target.ts";

/** What a provider's id, and a segment of a base path, look like; an e-mail address does not. */
const nameShape = /^[\p{L}\p{N}_.~-]{1,64}$/u;

/**
 * What is recorded of the path of one of NextAuth's own routes: its base path, action and provider, and
 * nothing of what follows, which is whatever a client wrote. Of an unknown action nothing is recorded.
 *
 * @param pathname as the client spelled it, with doubled slashes and percent-encoded letters
 * @param known the app's providers; it is empty until a lazy configuration was asked for the first time
 */
export function recordedPath(
  pathname: string,
  { action, providerId }: Pick<RequestTarget, "action" | "providerId">,
  known: ReadonlyMap<string, unknown>,
): string | undefined {
  if (action === undefined || !isKnownAction(action)) return undefined;
  const segments = pathname.split("/").map(decode).filter(Boolean);
  // The first such place: what a client repeats behind it belongs to no base path.
  const place = segments.findIndex(
    (segment, index) =>
      segment === action && (providerId === undefined || segments[index + 1] === providerId),
  );
  if (place === -1) return undefined;
  const base = segments.slice(0, place).filter((segment) => nameShape.test(segment));
  const provider = providerId !== undefined && isProvider(providerId, known) ? [providerId] : [];
  return `/${[...base, action, ...provider].map(encodeURIComponent).join("/")}`;
}

function isProvider(id: string, known: ReadonlyMap<string, unknown>): boolean {
  return known.size === 0 ? nameShape.test(id) : known.has(id);
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
