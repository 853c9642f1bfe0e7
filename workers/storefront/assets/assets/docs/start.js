/* global SwaggerUIBundle */
// No validator badge and no query parameters: nothing of this page comes from, or goes to, another host.
SwaggerUIBundle({
  url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null, queryConfigEnabled: false, docExpansion: 'list', defaultModelsExpandDepth: 0, displayOperationId: true,
  presets: [SwaggerUIBundle.presets.apis],
})
