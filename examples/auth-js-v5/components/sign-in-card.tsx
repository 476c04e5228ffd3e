"use client";

import { OtherWays } from "authlog-example-shared/components/other-ways";
import { SignInCard as Card } from "authlog-example-shared/components/sign-in-card";
import type { Offers } from "authlog-example-shared/lib/offers";
import { signIn } from "next-auth/react";
import { requestLinkByAction, signInByAction, signInWithOpenIdByAction } from "../app/actions";

const ways = [
  { label: "Sign in", act: signInByAction },
  { label: "Sign in by route handler", act: signInByHandler },
];

interface Props {
  problem: string | undefined;
  /** Whether an e-mail with a link has just gone out. */
  linkSent: boolean;
  offers: Offers;
}

export function SignInCard({ problem, linkSent, offers }: Props) {
  return (
    <Card problem={problem} ways={offers.password ? ways : []}>
      <OtherWays
        openId={offers.openId ? signInWithOpenIdByAction : undefined}
        email={offers.email ? requestLinkByAction : undefined}
        linkSent={linkSent}
      />
    </Card>
  );
}

/** The browser posts to /api/auth/callback/credentials itself; no server action is involved. */
async function signInByHandler(form: FormData): Promise<void> {
  await signIn("credentials", {
    email: form.get("email"),
    password: form.get("password"),
    redirectTo: "/",
  });
}
