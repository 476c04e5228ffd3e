/**
 * The word that was probably meant: the nearest by Levenshtein's distance, if no more than a third
 * of its letters would have to change.
 *
 * @example
 * suggest("sevre", ["serve", "verify"]); // "serve"
 */
export function suggest(word: string, known: readonly string[]): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: distance(word.slice(0, 32), candidate) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best === undefined || best.distance > Math.ceil(best.candidate.length / 3)) return undefined;
  return best.candidate;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (const [at, letter] of a.split("").entries()) {
    const next = [at + 1];
    for (const [column, other] of b.split("").entries()) {
      const change = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(change, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
