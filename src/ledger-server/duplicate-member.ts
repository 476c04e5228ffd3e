/**
 * Whether any object in a JSON text has two members of one name, which `JSON.parse` passes over in
 * silence. Escapes count as what they stand for: `"a"` and `"\u0061"` are one name.
 *
 * @param text a text that `JSON.parse` has accepted; nesting may be as deep as memory allows
 */
export function duplicateMember(text: string): boolean {
  // One entry an open container: the names seen in an object, undefined for an array.
  const open: (Set<string> | undefined)[] = [];
  let names: Set<string> | undefined;
  let expectName = false;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: {
        const end = endOfString(text, at);
        if (expectName && names !== undefined) {
          const name = nameOf(text.slice(at, end + 1));
          if (names.has(name)) return true;
          names.add(name);
          expectName = false;
        }
        at = end;
        break;
      }
      case 0x7b: // {
        names = new Set();
        open.push(names);
        expectName = true;
        break;
      case 0x5b: // [
        names = undefined;
        open.push(names);
        expectName = false;
        break;
      case 0x7d: // }
      case 0x5d: // ]
        open.pop();
        names = open.at(-1);
        expectName = false;
        break;
      case 0x2c: // ,
        expectName = names !== undefined;
        break;
      default:
    }
  }
  return false;
}

/** Index of the quote that ends the string which starts at `start`. */
function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
    let backslashes = 0;
    while (text.charCodeAt(end - 1 - backslashes) === 0x5c) backslashes += 1;
    if (backslashes % 2 === 0) return end;
  }
}

function nameOf(literal: string): string {
  return literal.includes("\\") ? (JSON.parse(literal) as string) : literal.slice(1, -1);
}
