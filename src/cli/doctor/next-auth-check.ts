import { plural } from "../../delivery/plural.ts";
import type { App, AppFile } from "./app.ts";
import { type Check, readme } from "./check.ts";
import { importsOf } from "./source-code.ts";

const id = "wiring.next-auth";
const link = readme("install");

/** How one file uses NextAuth. */
interface Use {
  readonly path: string;
  /** What the file calls NextAuth. */
  readonly local: string;
  readonly wrapped: boolean;
  /** Called as it is, without the wrapper. */
  readonly bare: boolean;
  /** Whether options are wrapped somewhere in the file, as for `getServerSession`. */
  readonly wrapsOptions: boolean;
}

/** Whether each call of NextAuth goes through `withAuthlog`. */
export function checkNextAuthCalls(app: App): Check[] {
  const uses = app.files.flatMap((file) => useOf(file) ?? []);
  const calls = uses.filter(({ wrapped, bare }) => wrapped || bare);
  if (calls.length === 0) {
    if (!app.packages.has("next-auth")) return [];
    return [
      {
        id,
        status: "warn",
        what: "No call of NextAuth was found.",
        why: `${countOf(app)} were looked through for an import of next-auth that is called.`,
        hint: "export const { handlers, auth, signIn, signOut } = withAuthlog(NextAuth)(config);",
        link,
      },
    ];
  }
  return calls.map((use) =>
    checkUse(
      use,
      uses.some(({ wrapsOptions }) => wrapsOptions),
    ),
  );
}

function checkUse({ path, local, bare }: Use, wrapsOptions: boolean): Check {
  if (!bare) {
    const what = `NextAuth is wrapped in ${path}.`;
    return { id, status: "ok", what, why: `withAuthlog(${local}) stands around it.` };
  }
  const hint = [
    'import { withAuthlog } from "authlog/next-auth";',
    `const AuditedNextAuth = withAuthlog(${local});`,
  ].join("\n");
  if (wrapsOptions) {
    return {
      id,
      status: "warn",
      what: `${path} calls ${local} itself; only its options are wrapped.`,
      why: "Failures that only the handler sees are missed then. Wrap the function too, and call that.",
      hint,
      link,
    };
  }
  return {
    id,
    status: "fail",
    what: `${path} calls ${local} without withAuthlog.`,
    why: "Nothing that it does is captured. Wrap it as below, and call the wrapped one in its place.",
    hint,
    link,
  };
}

function useOf(file: AppFile): Use | undefined {
  const imports = importsOf(file).filter(({ reexported }) => !reexported);
  const nextAuth = imports.find(
    ({ from, name }) => (from === "next-auth" || from === "next-auth/next") && name === "default",
  );
  const wrapper = imports.find(
    ({ name, local }) => name === "withAuthlog" || local === "withAuthlog",
  );
  if (nextAuth === undefined && wrapper === undefined) return undefined;
  const local = nextAuth?.local ?? "NextAuth";
  const name = escape(local);
  const wraps = wrapper === undefined ? [] : argumentsOf(file.code, escape(wrapper.local));
  const bareCall = new RegExp(`(?<![\\w$.])${name}\\s*(?:<[^;()]{0,500}>)?\\s*\\(`);
  return {
    path: file.path,
    local,
    wrapped: nextAuth !== undefined && wraps.some((argument) => argument === local),
    bare: nextAuth !== undefined && bareCall.test(file.code),
    wrapsOptions: wraps.some((argument) => argument !== local),
  };
}

/** What the wrapper is called with, as far as it is one name; else an empty text. */
function argumentsOf(code: string, wrapper: string): string[] {
  const call = new RegExp(
    `(?<![\\w$.])${wrapper}\\s*(?:<[^;()]{0,500}>)?\\(\\s*([\\w$]*)\\s*`,
    "g",
  );
  return [...code.matchAll(call)].map(([, argument = ""]) => argument);
}

const escape = (name: string): string => name.replaceAll("$", "\\$");

function countOf({ files, cut }: App): string {
  return `${cut ? "The first " : ""}${plural(files.length, "source file")}`;
}
