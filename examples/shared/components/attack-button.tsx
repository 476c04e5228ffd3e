"use client";

import { useState } from "react";
import type { Attack } from "../lib/attack";
import { refreshNow } from "../lib/use-while-visible";

/** Offers to edit the ledger behind its back, and to take that back. */
export function AttackButton({ attack }: { attack: Attack }) {
  const [busy, setBusy] = useState(false);

  async function act(): Promise<void> {
    setBusy(true);
    await fetch("/api/attack", { method: "POST", body: attack === "done" ? "undo" : "edit" });
    refreshNow();
    setBusy(false);
  }

  return (
    <div className="attack">
      <button type="button" className="outlined" disabled={busy} onClick={() => void act()}>
        {attack === "done" ? "Undo the edit" : "Edit the ledger and watch"}
      </button>
      <p className="muted">
        {attack === "done"
          ? "An address was changed in the ledger’s file. The event keeps its hash, so its proof fails."
          : "Changes an address in the ledger’s file, as somebody with rights on the machine could."}
      </p>
    </div>
  );
}
