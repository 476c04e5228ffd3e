import type { SourceCode } from "./source-code.ts";

/** A package that an app has installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
}

/** A file of an app's own sources. */
export interface AppFile extends SourceCode {
  /** Relative to the app, with slashes. */
  readonly path: string;
}

/** What the checks know of an app: read from the disk once, before any of them. */
export interface App {
  /** Absolute. */
  readonly folder: string;
  /** Whether a `package.json` lies there. */
  readonly isPackage: boolean;
  /** The command that adds a package, with the app's own package manager. */
  readonly install: string;
  /** The packages that count here, as Node would find them from the app's folder. */
  readonly packages: ReadonlyMap<string, InstalledPackage>;
  /** The version of `@opentelemetry/api` that authlog itself gets, where it is another one. */
  readonly authlogApi?: string;
  /** The app's scripts, from its `package.json`. */
  readonly scripts: Readonly<Record<string, string>>;
  readonly files: readonly AppFile[];
  /** Whether there were more files than are read. */
  readonly cut: boolean;
}
