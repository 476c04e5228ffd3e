/** The smallest event that there is. */
export const event: object = { message: "hello" };

/** A bulk request of so many events. */
export function bulk(count: number): object {
  return { events: Array.from({ length: count }, () => ({ event })) };
}

/** A text of so many bytes and characters. */
export function long(bytes: number): string {
  return "x".repeat(bytes);
}

/** A text of so many bytes, two for each character in UTF-8. */
export function wide(bytes: number): string {
  return "é".repeat(bytes / 2);
}

/** JSON of so many levels; the brackets in its string are no level. */
export function nested(levels: number): string {
  return `${'{"a":'.repeat(levels - 1)}["[[{"]${"}".repeat(levels - 1)}`;
}
