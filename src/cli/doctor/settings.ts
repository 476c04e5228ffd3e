import type { AuthlogConfig } from "../../setup/config.ts";
import { namedSettings } from "../../setup/setting.ts";

/** A setting as it can be shown to anybody. */
export interface ShownSetting {
  readonly name: string;
  readonly value: string | number | boolean | null;
  /** `default`, `environment`, or the `.env` file that it stands in. */
  readonly source: string;
}

/**
 * Texts that are no secret. What is not named here is masked, so that a setting that is new, or that
 * somebody put a token into, is not shown by oversight.
 */
const shown: ReadonlySet<string> = new Set([
  "domain",
  "configId",
  "deadLetterPath",
  "durability",
  "journal.dir",
  "journal.onFull",
  "ledgerPath",
  "pseudonymize",
  "signingKeyFile",
  "tenantId",
]);

/** Every setting of a configuration with its source, secrets masked. */
export function settingsOf(
  config: AuthlogConfig,
  files: ReadonlyMap<string, string>,
): ShownSetting[] {
  const { schema } = config;
  return namedSettings(config).map(([name, { value, source, variable }]) => ({
    name,
    value: name === "schema" ? schema.value.name : masked(name, value),
    source: (variable !== undefined && files.get(variable)) || source,
  }));
}

function masked(name: string, value: unknown): ShownSetting["value"] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return null;
  if (typeof value === "number" || typeof value === "boolean") return value;
  if (shown.has(name) && Array.isArray(value)) return value.join(", ");
  if (typeof value !== "string") return "set";
  if (name === "baseUrlTemplate") return withoutSecrets(value);
  return shown.has(name) ? value : `set, ${value.length} characters`;
}

/** Host and path of a URL: what else it carries can be a password. */
function withoutSecrets(template: string): string {
  const [, scheme, place] = /^(https?:\/\/)(?:[^/@]*@)?([^?#]*)/i.exec(template) ?? [];
  return scheme === undefined || place?.includes("@") === true
    ? "set, but no URL"
    : `${scheme}${place}`;
}
