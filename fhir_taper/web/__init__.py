"""What people see in the EHR's frame: pages made on the server, forms that post back, no script, no request to anywhere else.

    app            create_app: the routes under the headers that every answer carries
    security       headers and policy, cookies, CSRF
    dependencies   what a route is handed: an open chart, a posted form
    errors         what a page says when something is refused, and what the person can do
    forms          what a person typed, as the use cases take it
    view_models    values as the words of a page
    rendering      templates and the style sheet
    routes/        one module per screen

What it must not do: compute a dose, hold a rule, talk to an EHR or a store. It talks to `workflow` and `render`.
"""
