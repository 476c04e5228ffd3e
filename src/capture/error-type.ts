import { readText } from "./read.ts";

/** A code or a class name, and no sentence: a message may quote anything. */
const shape = /^[A-Za-z_][\w.-]{0,63}$/;

/** OpenTelemetry's word for an error that has no type of its own. */
const noType = "_OTHER";

/**
 * The type of something thrown, for `error.type`. Production builds shorten the names of classes, so
 * what libraries put into a field for the purpose goes first.
 */
export function errorTypeOf(error: unknown): string {
  return (
    ["type", "code", "name"]
      .map((field) => readText(error, field))
      .find((text) => text !== undefined && shape.test(text)) ?? noType
  );
}
