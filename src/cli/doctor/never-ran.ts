import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { App } from "./app.ts";
import { type Check, readme } from "./check.ts";

const id = "wiring.register";
const link = readme("install");
const edit = 'export { register } from "authlog/instrumentation";';

/** The one look at an app's source: why nothing in it has set authlog up in this folder. */
export function checkNeverRan({ folder }: App): Check {
  const isIn = (path: string): boolean => existsSync(join(folder, path));
  const files = ["", "src/"].flatMap((prefix) =>
    ["ts", "js", "mts", "mjs", "cts", "cjs"].map((end) => `${prefix}instrumentation.${end}`),
  );
  const inSrc = isIn("src/app") || isIn("src/pages");
  const place = inSrc ? "src/instrumentation.ts" : "instrumentation.ts";
  const there = files.filter(isIn);
  // Next.js looks beside `app` and `pages`, and nowhere else.
  const file = there.find((path) => path.startsWith("src/") === inSrc);
  const [elsewhere] = there;
  if (file === undefined && elsewhere !== undefined) {
    return {
      id,
      status: "fail",
      what: `Next.js does not see ${elsewhere}.`,
      why: "It has to lie beside the folder app or pages.",
      hint: `mv ${elsewhere} ${place}`,
      link,
    };
  }
  if (file === undefined) {
    return {
      id,
      status: "fail",
      what: `There is no ${place}.`,
      why: "Next.js calls its register when the server starts. The file needs this one line.",
      hint: edit,
      link,
    };
  }
  const source = readFileSync(join(folder, file), "utf8");
  // What is set up in another file, by way of an import, is not looked for.
  if (!source.includes("authlog") && !/["'](?:[.~@]|#)[^"']*["']/.test(source)) {
    const why = "Next.js calls it when the server starts. Add this line, or call the same in it.";
    return { id, status: "fail", what: `${file} does not set authlog up.`, why, hint: edit, link };
  }
  return {
    id,
    status: "warn",
    what: "authlog has not been set up in this folder yet.",
    why: `There is no .authlog/app.json, which register and auditProcessor() write. ${file} looks right: start the app, in this folder, and ask again.`,
    hint: "npm run dev",
    link: readme("find-out-what-is-wrong"),
  };
}
