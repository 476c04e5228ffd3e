import { createRegister } from "authlog/instrumentation";

export const register = createRegister({ tracing: true });
