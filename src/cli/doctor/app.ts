/** A package that an app has installed. */
export interface InstalledPackage {
  readonly name: string;
  readonly version: string;
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
}
