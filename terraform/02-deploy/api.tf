# For the world: POST /webhook, throttled; the function itself checks the request's signature.

resource "aws_apigatewayv2_api" "webhook" {
  name          = "${var.name_prefix}-webhook"
  description   = "Takes jobs for ${var.name_prefix}"
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "webhook" {
  api_id                 = aws_apigatewayv2_api.webhook.id
  integration_type       = "AWS_PROXY"
  integration_method     = "POST"
  integration_uri        = aws_lambda_function.this["webhook"].invoke_arn
  payload_format_version = "2.0"
  timeout_milliseconds   = 30000 # the most an HTTP API waits
}

resource "aws_apigatewayv2_route" "webhook" {
  api_id    = aws_apigatewayv2_api.webhook.id
  route_key = "POST /webhook"
  target    = "integrations/${aws_apigatewayv2_integration.webhook.id}"
}

resource "aws_apigatewayv2_stage" "default" {
  api_id      = aws_apigatewayv2_api.webhook.id
  name        = "$default"
  auto_deploy = true

  default_route_settings {
    throttling_rate_limit  = var.webhook_rate_limit
    throttling_burst_limit = var.webhook_burst_limit
  }

  dynamic "access_log_settings" {
    for_each = aws_cloudwatch_log_group.api

    content {
      destination_arn = access_log_settings.value.arn
      format = jsonencode({
        time      = "$context.requestTime"
        requestId = "$context.requestId"
        route     = "$context.routeKey"
        status    = "$context.status"
        sourceIp  = "$context.identity.sourceIp"
        error     = "$context.integrationErrorMessage"
      })
    }
  }
}

resource "aws_cloudwatch_log_group" "api" {
  count = var.access_logs ? 1 : 0

  name              = "/aws/apigateway/${var.name_prefix}-webhook"
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_permission" "api" {
  statement_id  = "http-api"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.this["webhook"].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.webhook.execution_arn}/$default/POST/webhook"
}
