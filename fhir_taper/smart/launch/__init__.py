"""From a click in the chart to a token and its context, and the token's life after that. SMART App Launch 2.2.0, OpenID Connect Core."""
