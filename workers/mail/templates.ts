import type { MailKind, MailPreview, MailTemplate } from '../../contract/mail.ts'

/** What each mail begins with. The goods, the sums and where they go stand below it in every one. */
const WORDS: Record<MailKind, { subject: string; says: string }> = {
  awaiting_payment: { subject: 'Your order {{number}} waits for its payment', says: 'we keep your goods until your payment has come.' },
  placed: { subject: 'Your order {{number}}', says: 'thank you for your order. We tell you as soon as it {{#pickup}}lies ready{{/pickup}}{{^pickup}}is on its way{{/pickup}}.' },
  backordered: { subject: 'Your order {{number}} takes longer', says: 'something of your order is not there just now. We send it as soon as it is.' },
  ready_for_pickup: { subject: 'Your order {{number}} is ready', says: 'your order lies ready for you{{#pickup}} at {{store}}{{/pickup}}. Please bring its number: {{number}}.' },
  shipped: { subject: 'Your order {{number}} is on its way', says: 'your order has left us.' },
  cancelled: { subject: 'Your order {{number}} is cancelled', says: 'your order is cancelled. What you have paid for it is on its way back to you.' },
  partially_refunded: { subject: 'Your order {{number}}: money back', says: 'we have given you money back{{#refunded}}: {{refunded}} in all{{/refunded}}.' },
  refunded: { subject: 'Your order {{number}}: money back', says: 'we have given you all of your money back{{#refunded}}: {{refunded}}{{/refunded}}.' },
}

const text = (says: string): string => `Hello {{name}},

${says}

Order {{number}}, {{placedOn}}

{{#lines}}
{{quantity}} {{name}}  {{total}}{{#cancelled}}  (cancelled: {{cancelled}}){{/cancelled}}
{{/lines}}

{{#tax}}Tax{{#taxIncluded}} included{{/taxIncluded}}: {{tax}}
{{/tax}}Total: {{total}}

{{#pickup}}
To be fetched at {{store}}{{#promisedFor}}, from {{promisedFor}}{{/promisedFor}}.
{{/pickup}}
{{#address}}
To {{name}}, {{line1}}{{#line2}}, {{line2}}{{/line2}}, {{postalCode}} {{city}}, {{country}}.
{{/address}}
{{#url}}

{{url}}
{{/url}}

{{shop}}
`

const html = (says: string): string => `<!doctype html>
<html lang="{{language}}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{number}}</title></head>
<body style="margin:0;background:#f4f4f2;font:16px/1.5 system-ui,sans-serif;color:#1c1c1a">
<div style="max-width:36rem;margin:0 auto;padding:1.5rem;background:#fff">
<p>Hello {{name}},</p>
<p>${says}</p>
<h1 style="font-size:1.1rem">Order {{number}}, {{placedOn}}</h1>
<table style="width:100%;border-collapse:collapse">
{{#lines}}
<tr><td style="padding:.3rem .5rem .3rem 0">{{quantity}}</td><td style="padding:.3rem 0">{{name}}{{#cancelled}} <small>(cancelled: {{cancelled}})</small>{{/cancelled}}</td><td style="padding:.3rem 0;text-align:right">{{total}}</td></tr>
{{/lines}}
{{#tax}}
<tr><td></td><td style="padding:.3rem 0;border-top:1px solid #ccc">Tax{{#taxIncluded}} included{{/taxIncluded}}</td><td style="padding:.3rem 0;border-top:1px solid #ccc;text-align:right">{{tax}}</td></tr>
{{/tax}}
<tr><td></td><th style="padding:.3rem 0;text-align:left">Total</th><th style="padding:.3rem 0;text-align:right">{{total}}</th></tr>
</table>
{{#pickup}}
<p>To be fetched at {{store}}{{#promisedFor}}, from {{promisedFor}}{{/promisedFor}}.</p>
{{/pickup}}
{{#address}}
<p>To {{name}}, {{line1}}{{#line2}}, {{line2}}{{/line2}}, {{postalCode}} {{city}}, {{country}}.</p>
{{/address}}
{{#url}}
<p><a href="{{url}}">Look at your order</a></p>
{{/url}}
<p>{{shop}}</p>
</div></body></html>
`

/** The channel's own words, and ours where it has none. */
export const templateOf = (kind: MailKind, own: MailTemplate = {}): MailPreview =>
  ({ subject: own.subject ?? WORDS[kind].subject, text: own.text ?? text(WORDS[kind].says), html: own.html ?? html(WORDS[kind].says) })
