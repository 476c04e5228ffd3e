import { readFileSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./built-app.ts";
import { readmeCode } from "./readme.ts";

export type Versions = Readonly<Record<string, string>>;

export function versionsOf(manifest: string): Versions {
  const { dependencies, devDependencies } = JSON.parse(
    readFileSync(join(repository, manifest), "utf8"),
  ) as Record<string, Versions>;
  return { ...dependencies, ...devDependencies };
}

/** What a production server of it is told. */
export const settings: Readonly<Record<string, string>> = {
  AUTH_SECRET: "a-secret-for-tests-alone",
  NEXTAUTH_SECRET: "a-secret-for-tests-alone",
  AUTH_TRUST_HOST: "true",
  OTEL_BLRP_SCHEDULE_DELAY: "50",
};

/** The matrix asks for another Next.js; the last major resolves differently. */
export const isNext15: boolean = process.env["AUTHLOG_TEST_NEXT"]?.startsWith("15.") === true;

/** What the reader had before authlog, apart from what the README installs. */
export const ownPackages: readonly string[] = [
  "next",
  "next-auth",
  "react",
  "react-dom",
  "typescript",
  "@types/react",
  "@types/node",
];

/** What the reader had before: a page, and one user with a password. */
const before = (
  nextAuthTypes: string,
  moduleResolution: "bundler" | "node",
): Record<"layout" | "page" | "config" | "tsconfig", string> => ({
  // Next.js 15 would write another one than it gives to a new app.
  tsconfig: `{ "compilerOptions": {
    "lib": ["dom", "dom.iterable", "esnext"], "module": "esnext", "moduleResolution": "${moduleResolution}",
    "jsx": "preserve", "strict": true, "noEmit": true, "esModuleInterop": true,
    "isolatedModules": true, "resolveJsonModule": true, "skipLibCheck": true
  } }`,
  layout: `export default function Layout({ children }: { children: React.ReactNode }) {
    return <html><body>{children}</body></html>;
  }`,
  page: "export default function Page() { return <p>Hello</p>; }",
  config: `${nextAuthTypes}
  import Credentials from "next-auth/providers/credentials";
  export const config: Options = {
    providers: [
      Credentials({
        credentials: { email: {}, password: {} },
        authorize: (given) =>
          given?.password === "white-rabbit"
            ? { id: "7", email: String(given.email) }
            : null,
      }),
    ],
  };`,
});

/** An app of a reader who did the two edits: its packages' versions, and its files. */
export interface Major {
  name: string;
  versions: Versions;
  files: Readonly<Record<string, string>>;
}

// An app that has been with Next.js 15 for long has the way of resolving that it set by itself then.
const v4 = before(
  'import type { NextAuthOptions as Options } from "next-auth";',
  isNext15 ? "node" : "bundler",
);
const v4Route = "app/api/auth/[...nextauth]/route.ts";
export const nextAuth4: Major = {
  name: "next-auth 4",
  versions: pick("examples/next-auth-v4/package.json", "next-auth"),
  files: {
    "tsconfig.json": v4.tsconfig,
    "app/layout.tsx": v4.layout,
    "app/page.tsx": v4.page,
    [v4Route.replace("route.ts", "auth.config.ts")]: v4.config,
    [v4Route]: readmeCode(`next-auth 4, in ${v4Route}`),
    "instrumentation.ts": readmeCode("instrumentation.ts"),
  },
};

const v5 = before('import type { NextAuthConfig as Options } from "next-auth";', "bundler");
export const nextAuth5: Major = {
  name: "next-auth 5",
  versions: pick("package.json", "next-auth"),
  files: {
    "tsconfig.json": v5.tsconfig,
    "app/layout.tsx": v5.layout,
    "app/page.tsx": v5.page,
    "auth.config.ts": v5.config,
    "app/api/auth/[...nextauth]/route.ts":
      'import { handlers } from "../../../../auth"; export const { GET, POST } = handlers;',
    "auth.ts": readmeCode("auth.ts"),
    "instrumentation.ts": readmeCode("instrumentation.ts"),
  },
};

/** The versions of some packages that a manifest of this repository has. */
export function pick(manifest: string, ...names: string[]): Versions {
  const versions = versionsOf(manifest);
  return Object.fromEntries(names.map((name) => [name, versions[name] ?? "missing"]));
}
