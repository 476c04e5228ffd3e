import type { ReactNode } from "react";
import type { Trail } from "../lib/trail";
import { AttackButton } from "./attack-button";
import { TrailTable } from "./trail-table";

export function TrailCard({ trail }: { trail: Trail }) {
  return (
    <section className="card trail" aria-labelledby="trail-title">
      <h2 id="trail-title">The audit log</h2>
      <TrailBody trail={trail} />
    </section>
  );
}

function TrailBody({ trail }: { trail: Trail }) {
  if (trail.status === "unset") {
    return (
      <Notice title="This page was not told where the audit log is.">
        Start the demo with <code>npm run demo</code>, or set <code>AUTHLOG_READ_TOKEN</code> and{" "}
        <code>PANGEA_BASE_URL_TEMPLATE</code>.
      </Notice>
    );
  }
  if (trail.status === "unreachable") {
    return (
      <Notice title="The audit log does not answer right now.">
        Signing in still works, and what happens meanwhile is delivered when it is back. (
        {trail.why})
      </Notice>
    );
  }
  if (trail.entries.length === 0) {
    return (
      <Notice title="Nothing has happened yet.">Sign in, and it stands here a moment later.</Notice>
    );
  }
  return (
    <>
      {trail.attack && <AttackButton attack={trail.attack} />}
      <TrailTable entries={trail.entries} total={trail.total} />
    </>
  );
}

function Notice({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div className="notice" role="status">
      <p>{title}</p>
      <p className="muted">{children}</p>
    </div>
  );
}
