const encoder = new TextEncoder();

/**
 * The start of a text that is at most `maxBytes` of UTF-8, cut between code points, with lone
 * surrogates replaced. Returns the same text if it fits.
 */
export function cutToBytes(text: string, maxBytes: number): string {
  // A unit of UTF-16 takes one to three bytes: most texts are cleared by their length, and of a
  // text of megabytes only the first `maxBytes` units need to be looked at.
  if (text.length * 3 <= maxBytes) return text.toWellFormed();
  const start = text.slice(0, maxBytes).toWellFormed();
  let bytes = 0;
  for (let index = 0; index < start.length; index++) {
    const point = start.codePointAt(index) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes > maxBytes) return start.slice(0, index);
    // The second half of a pair.
    if (point >= 0x10000) index++;
  }
  return start;
}

/** The start of a text whose JSON string, quotes included, is at most `maxBytes` of UTF-8. */
export function cutToJsonBytes(text: string, maxBytes: number): string {
  let start = cutToBytes(text, maxBytes);
  for (;;) {
    const bytes = utf8Bytes(JSON.stringify(start));
    if (bytes <= maxBytes || start === "") return start;
    const fitting = Math.floor((utf8Bytes(start) * maxBytes) / bytes);
    start = cutToBytes(start, Math.max(0, Math.min(fitting, utf8Bytes(start) - 1)));
  }
}

/** How many bytes a text takes in UTF-8. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

/** Whether a text takes at most `maxBytes` in UTF-8; the usual, short text is not encoded for it. */
export function fitsBytes(text: string, maxBytes: number): boolean {
  return text.length * 3 <= maxBytes || (text.length <= maxBytes && utf8Bytes(text) <= maxBytes);
}
