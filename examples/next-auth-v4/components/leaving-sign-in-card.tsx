"use client";

import { OtherWays } from "authlog-example-shared/components/other-ways";
import { SignInCard } from "authlog-example-shared/components/sign-in-card";
import type { Offers } from "authlog-example-shared/lib/offers";
import { signIn } from "next-auth/react";

// Each way leaves the page: next-auth sends the browser back, with any error in the address.

const ways = [{ label: "Sign in", act: withPassword }];

interface SignInProps {
  problem: string | undefined;
  offers: Offers;
}

export function LeavingSignInCard({ problem, offers }: SignInProps) {
  return <SignInCard problem={problem} ways={offers.password ? ways : []} />;
}

interface OtherWaysProps {
  failed: boolean;
  /** Whether an e-mail with a link has just gone out. */
  linkSent: boolean;
  offers: Offers;
}

export function LeavingOtherWays({ offers, ...props }: OtherWaysProps) {
  return (
    <OtherWays
      {...props}
      openId={offers.openId ? withOpenId : undefined}
      email={offers.email ? askForLink : undefined}
    />
  );
}

const callbackUrl = "/";

async function withPassword(form: FormData): Promise<void> {
  const [email, password] = [form.get("email"), form.get("password")];
  await signIn("credentials", { email, password, callbackUrl });
}

async function withOpenId(): Promise<void> {
  await signIn("local", { callbackUrl });
}

async function askForLink(form: FormData): Promise<void> {
  await signIn("email", { email: form.get("email"), callbackUrl });
}
