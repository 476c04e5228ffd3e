"use client";

import { useState } from "react";
import type { Account } from "../lib/account";

interface Props {
  /** Where the app tells what it keeps about the visitor. */
  accountPath: string;
  /** Resolves to what went wrong. Without it, it is not offered. */
  changePhone?: (form: FormData) => Promise<string | undefined>;
  /** Where one asks for a refund. Without it, it is not offered. */
  refundPath?: string;
}

/** What an audit log is asked about most, after signing in: personal data, changes, and money. */
export function AccountCard({ accountPath, changePhone, refundPath }: Props) {
  const [account, setAccount] = useState<Account>();
  const [said, setSaid] = useState<string>();

  async function show(): Promise<void> {
    const answer = await fetch(accountPath);
    if (answer.ok) setAccount((await answer.json()) as Account);
    setSaid(answer.ok ? undefined : "Please sign in again.");
  }

  async function change(form: FormData): Promise<void> {
    setSaid((await changePhone?.(form)) ?? "The phone number is changed.");
  }

  async function refund(path: string): Promise<void> {
    const answer = await fetch(path, { method: "POST" });
    setSaid(answer.ok ? "The invoice is refunded." : "You may not refund an invoice.");
  }

  return (
    <section className="card" aria-labelledby="account-title">
      <h2 id="account-title">Your account</h2>
      <div className="account">
        <button type="button" className="outlined" onClick={() => void show()}>
          Show my personal data
        </button>
        {account && (
          <p>
            {account.phone}
            <br />
            {account.paymentCard}
          </p>
        )}
        {changePhone && (
          <form action={change}>
            <label htmlFor="phone">Phone number</label>
            <input id="phone" name="phone" type="tel" autoComplete="tel" required />
            <button className="outlined">Change it</button>
          </form>
        )}
        {refundPath && (
          <button type="button" className="outlined" onClick={() => void refund(refundPath)}>
            Refund invoice 1001
          </button>
        )}
        {said && (
          <p className="sent" role="status">
            {said}
          </p>
        )}
      </div>
    </section>
  );
}
