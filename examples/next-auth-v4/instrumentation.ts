export { register } from "authlog/instrumentation";
