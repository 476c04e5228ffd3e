import type { Resource } from "../telemetry/exporter.ts";

/**
 * A resource that no SDK made: of a record that went past every provider, or that is read from a
 * file. It has what an exporter of either OpenTelemetry line may ask a resource for.
 */
export class StoredResource implements Resource {
  readonly attributes: Resource["attributes"];
  readonly schemaUrl: string | undefined;

  constructor(attributes: Resource["attributes"] = {}, schemaUrl?: string) {
    this.attributes = attributes;
    this.schemaUrl = schemaUrl;
  }

  /** As an SDK's own resource reads another one that it is merged with. */
  getRawAttributes(): [name: string, value: unknown][] {
    return Object.entries(this.attributes);
  }

  /** Of an attribute that both have, the other's value counts. */
  merge(other: Resource | null): StoredResource {
    const attributes = { ...this.attributes, ...other?.attributes };
    return new StoredResource(attributes, other?.schemaUrl ?? this.schemaUrl);
  }
}
