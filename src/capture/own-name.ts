/** The bytes that Pangea's standard schema gives `action`; a name is ASCII. */
const maxLength = 32;

/** OpenTelemetry's rules for the names of events: lowercase, dotted, nothing dynamic in them. */
const shape = /^[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*$/;

/** What authlog says of itself, the app cannot say. */
const reserved = /^authlog(?=\.|$)/;

/** What stands for a name of which nothing is left. */
const unnamed = "app.event";

/** Whether an event of the app's own can have the name. */
export function isEventName(name: unknown): name is string {
  return (
    typeof name === "string" && name.length <= maxLength && shape.test(name) && !reserved.test(name)
  );
}

/** The nearest name that an event can have. A part that begins with a digit is a value, and goes. */
export function toEventName(name: unknown): string {
  if (typeof name !== "string") return unnamed;
  const parts = name
    .slice(0, 4 * maxLength)
    .replace(/(?<=[a-z0-9])(?=[A-Z])/g, "_")
    .toLowerCase()
    .split(".")
    .map((part) => part.replace(/[^a-z0-9]+/g, "_").replace(/^_|_$/g, ""))
    .filter((part) => /^[a-z]/.test(part));
  const cut = parts.join(".").replace(reserved, "app").slice(0, maxLength);
  return cut.replace(/[._]+$/, "") || unnamed;
}
