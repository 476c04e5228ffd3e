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
