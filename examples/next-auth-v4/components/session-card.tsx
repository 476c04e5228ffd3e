"use client";

import { SessionCard as Card } from "authlog-example-shared/components/session-card";
import { signOut } from "next-auth/react";
import type { ComponentProps } from "react";

const ways = [{ label: "Sign out", act: signOutByHandler }];

export function SessionCard(props: Omit<ComponentProps<typeof Card>, "ways">) {
  return <Card {...props} ways={ways} />;
}

async function signOutByHandler(): Promise<void> {
  await signOut({ callbackUrl: "/" });
}
