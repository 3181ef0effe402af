import { createComponentsCacheHandler } from "redmux/next";

import { options } from "./redis.js";

export default createComponentsCacheHandler(options);
