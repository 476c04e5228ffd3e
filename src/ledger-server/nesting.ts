/**
 * Whether a text is JSON that nests deeper than `max` arrays and objects. A text that is no JSON
 * nests nothing, whatever brackets are in it.
 *
 * @example
 * isNestedDeeper("[[1]]", 1); // true
 */
export function isNestedDeeper(text: string, max: number): boolean {
  // Most texts have too few brackets to be worth a parse. Only JSON is measured: in it, every string
  // has its end.
  return text.length > 2 * max && openings(text) > max && isJson(text) && depthOf(text) > max;
}

function openings(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(/[[{]/g)) count += 1;
  return count;
}

function depthOf(json: string): number {
  let depth = 0;
  let deepest = 0;
  for (const [token] of json.matchAll(/[[\]{}]|"(?:[^"\\]|\\.)*"/g)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, (depth += 1));
    else if (token === "]" || token === "}") depth -= 1;
  }
  return deepest;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
