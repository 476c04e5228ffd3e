import { withAuthlog } from "authlog/next-auth";
import type { NextApiRequest, NextApiResponse } from "next";
import NextAuth from "next-auth";
import { authOptions } from "../../../auth-options";

const nextAuth = withAuthlog(NextAuth);

// The longer form, for options that depend on the request.
export default function handler(request: NextApiRequest, response: NextApiResponse) {
  return nextAuth(request, response, authOptions);
}
