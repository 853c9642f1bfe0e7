/** The options that most commands have. */
export const CONFIG = ['--config <file>', 'the YAML configuration of this store'] as const
export const JSON_FLAG = ['--json', 'answer with one JSON object'] as const
