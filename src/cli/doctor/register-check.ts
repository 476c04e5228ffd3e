import type { App, AppFile } from "./app.ts";
import { type Check, readme } from "./check.ts";
import { importsOf, modulesOf } from "./source-code.ts";

const id = "wiring.register";
const link = readme("install");
const edit = 'export { register } from "authlog/instrumentation";';

const setups: ReadonlySet<string> = new Set(["authlog/instrumentation", "authlog/otel"]);

/** Whether Next.js will find a `register` that sets authlog up. */
export function checkRegister(app: App): Check {
  const candidates = app.files.filter(({ path }) =>
    /^(?:src\/)?instrumentation\.[cm]?[jt]sx?$/.test(path),
  );
  const inSrc = app.files.some(({ path }) => /^src\/(?:app|pages)\//.test(path));
  const place = inSrc ? "src/instrumentation.ts" : "instrumentation.ts";
  // Next.js looks beside `app` and `pages`, and nowhere else.
  const file = candidates.find(({ path }) => path.startsWith("src/") === inSrc);
  const [elsewhere] = candidates;
  if (file === undefined && elsewhere !== undefined) {
    return {
      id,
      status: "fail",
      what: `Next.js does not see ${elsewhere.path}.`,
      why: "It has to lie beside the folder app or pages.",
      hint: `mv ${elsewhere.path} ${place}`,
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
  return checkFile(app, file);
}

function checkFile(app: App, file: AppFile): Check {
  if (!exportsRegister(file)) {
    const what = `${file.path} exports no register.`;
    const why = "Next.js calls it by that name. Add this line.";
    return { id, status: "fail", what, why, hint: edit, link };
  }
  const through = setupBehind(app, file);
  if (through === undefined) {
    return {
      id,
      status: "fail",
      what: `The register of ${file.path} does not set authlog up.`,
      why: "Neither it nor a file that it imports names authlog/instrumentation or authlog/otel. Call this in it.",
      hint: 'await (await import("authlog/instrumentation")).register();',
      link,
    };
  }
  const behind = through === file.path ? "" : `, by way of ${through}`;
  return {
    id,
    status: "ok",
    what: `${file.path} exports register${behind}.`,
    why: "Next.js calls it when the server starts.",
  };
}

function exportsRegister(file: AppFile): boolean {
  const declared = /\bexport\s+(?:(?:async\s+)?function\s*|(?:const|let|var)\s+)register\b/;
  const listed = /\bexport\s*\{[^}]{0,2000}\bregister\s*(?:,|\}|$)/;
  const commonJs = /\bexports\.register\s*=|\bmodule\.exports\s*=\s*\{[^}]{0,2000}\bregister\b/;
  return (
    [declared, listed, commonJs].some((form) => form.test(file.code)) ||
    importsOf(file).some(
      ({ reexported, name, from }) => reexported && name === "*" && setups.has(from),
    )
  );
}

/** The file, of this one and those that it imports, that names authlog's set-up. */
function setupBehind({ files }: App, start: AppFile): string | undefined {
  const seen = new Set<AppFile>();
  const queue = [start];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (seen.has(file)) continue;
    seen.add(file);
    const modules = modulesOf(file);
    if (modules.some((name) => setups.has(name))) return file.path;
    for (const name of modules) {
      const imported = files.find(({ path }) => isImportOf(path, name, file.path));
      if (imported !== undefined) queue.push(imported);
    }
  }
  return undefined;
}

/** Whether an import leads to a file: relative, or by an alias such as `@/`. */
function isImportOf(path: string, specifier: string, from: string): boolean {
  const alias = /^[@~]\/(.+)$/.exec(specifier)?.[1];
  const targets = specifier.startsWith(".")
    ? [new URL(specifier, `file:///${from}`).pathname.slice(1)]
    : alias === undefined
      ? []
      : [alias, `src/${alias}`];
  const bare = path.replace(/\.\w+$/, "");
  return targets.some(
    (target) =>
      [path, bare, bare.replace(/\/index$/, "")].includes(target.replace(/\.[cm]?jsx?$/, "")) ||
      target === path,
  );
}
