import { withAuthlog } from "authlog/next-auth";
import NextAuth from "next-auth";
import { authOptions } from "../../../../auth-options";

const handler = withAuthlog(NextAuth)(authOptions);

export { handler as GET, handler as POST };
