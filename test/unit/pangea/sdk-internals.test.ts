import { readdirSync, readFileSync } from "node:fs";
import { AuditService, PangeaConfig, PangeaRequest, PangeaResponse } from "pangea-node-sdk";
import { describe, expect, it } from "vitest";

/** One call of `post`, as our own transport meets it. */
interface Post {
  endpoint: string;
  data: object;
}

const config = new PangeaConfig({ baseUrlTemplate: "https://pangea.example/{SERVICE_NAME}" });

const read = <R>(body: string): PangeaResponse<R> =>
  new PangeaResponse<R>(new Response(body), new TextEncoder().encode(body).buffer);

const manifest = (path: string): { version?: string; dependencies?: Record<string, string> } =>
  JSON.parse(readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8"));

describe("what the exporter leans on in pangea-node-sdk", () => {
  it("is that of the release that it was written against", () => {
    expect(manifest("package.json").dependencies?.["pangea-node-sdk"]).toBe("5.6.0");
    expect(manifest("node_modules/pangea-node-sdk/package.json").version).toBe("5.6.0");
  });

  it("is loaded by nothing but dynamic imports, the first time that it is needed", () => {
    const folder = new URL("../../../src/pangea/", import.meta.url);
    const imports = readdirSync(folder).flatMap((name) =>
      readFileSync(new URL(name, folder), "utf8")
        .split("\n")
        .filter((line) => line.includes('"pangea-node-sdk"'))
        .filter((line) => !line.startsWith("import type ")),
    );
    expect(new Set(imports)).toEqual(new Set(['  const sdk = await import("pangea-node-sdk");']));
  });

  it("`logBulk` asks nothing of its request but one `post`, and takes any results", async () => {
    const posts: Post[] = [];
    class Recording extends PangeaRequest {
      override post<R>(endpoint: string, data: object): Promise<PangeaResponse<R>> {
        posts.push({ endpoint, data });
        return Promise.resolve(
          read<R>('{"status":"Success","result":{"results":[{"hash":"aa"}]}}'),
        );
      }
    }
    class Recorded extends AuditService {
      readonly #request = new Recording("audit", "pts_unused", config);
      override get request(): PangeaRequest {
        return this.#request;
      }
    }
    const events = [{ message: "b", actor: "a" }];
    const audit = new Recorded("pts_unused", config);
    const answer = await audit.logBulk(events, { skipEventVerification: true });
    expect(JSON.stringify(posts)).toBe(
      '[{"endpoint":"v2/log","data":{"events":[{"event":{"actor":"a","message":"b"}}]}}]',
    );
    expect(answer.result.results).toEqual([{ hash: "aa" }]);
  });

  it("`getUrl` puts the service's name into the template and the path behind it", () => {
    const request = new PangeaRequest("audit", "pts_unused", config);
    expect(request.getUrl("v2/log").href).toBe("https://pangea.example/audit/v2/log");
  });

  it("a response without a status has one of the SDK's own, and a body that is not JSON throws", () => {
    expect(read("{}").status).toBe("NoStatus");
    expect(() => read("")).toThrow(SyntaxError);
    expect(() => read("<h1>")).toThrow(SyntaxError);
  });
});
