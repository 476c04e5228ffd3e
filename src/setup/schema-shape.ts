import type { AuditSchema } from "../audit-schema/audit-schema.ts";
import { standardSchema } from "../audit-schema/standard.ts";
import { tutorialSchema, tutorialWithIdsSchema } from "../audit-schema/tutorial.ts";
import type { Shape } from "./setting.ts";

/** Names of the schemas that authlog brings. */
export type SchemaName = "standard" | "tutorial" | "tutorial-with-ids";

const schemas: Readonly<Record<SchemaName, AuditSchema>> = {
  standard: standardSchema,
  tutorial: tutorialSchema,
  "tutorial-with-ids": tutorialWithIdsSchema,
};

/** The names by which a setting can ask for one. */
export const schemaNames: readonly SchemaName[] = Object.keys(schemas) as SchemaName[];

/** A schema by its name, or one of the app's own. */
export const auditSchema: Shape<AuditSchema> = {
  description: `one of ${schemaNames.join(", ")}, or in code a schema`,
  parse(value) {
    if (typeof value === "string")
      return Object.hasOwn(schemas, value) ? schemas[value as SchemaName] : undefined;
    return isSchema(value) ? value : undefined;
  },
};

function isSchema(value: unknown): value is AuditSchema {
  return typeof value === "object" && value !== null && "toEvent" in value && "fields" in value;
}
