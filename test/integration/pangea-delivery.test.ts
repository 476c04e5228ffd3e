import { describe, expect, it } from "vitest";
import { exporterTo, receiverOf, token } from "./pangea-harness.ts";
import { logRecords } from "./pangea-records.ts";

describe("a delivery that the audit log takes", () => {
  it("is one bulk call with the token, the events in order, and the config id", async () => {
    const receiver = await receiverOf();
    const exporter = exporterTo(receiver, { configId: "pci_1", tenantId: "acme" });
    expect(await exporter.deliver(logRecords(2))).toEqual({ status: "delivered" });
    expect(receiver.requests).toHaveLength(1);
    const [request] = receiver.requests;
    expect(request?.path).toBe("/v2/log");
    expect(request?.headers.authorization).toBe(`Bearer ${token}`);
    expect(request?.body["config_id"]).toBe("pci_1");
    expect(request?.events.map(({ actor }) => actor)).toEqual(["user-0", "user-1"]);
    expect(request?.events[0]).toEqual({
      message: "user-0 signed in with credentials",
      actor: "user-0",
      action: "auth.sign_in",
      target: "user-0",
      status: "success",
      source: "192.0.2.1",
      tenant_id: "acme",
      timestamp: "2026-01-01T00:00:00.123000Z",
      new: JSON.stringify({
        "auth.outcome": "success",
        "client.address": "192.0.2.1",
        "log.record.uid": "uid-0",
        "service.name": "shop",
        "service.version": "1.2.3",
        span_id: "b7ad6b7169203331",
        trace_id: "0af7651916cd43dd8448eb211c80319c",
        "user.id": "user-0",
      }),
    });
  });
});
