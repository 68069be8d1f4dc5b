#!/bin/bash
# cron job: 0 0 * * 0 (every Sunday at midnight)

API_KEY="your_api_key"
PROJECT_ID="your_project_id"

# Create export
EXPORT_ID=$(curl -X POST https://api.dashtray.com/api/v1/exports \
  -H "Authorization: Bearer $API_KEY" \
  -H "Content-Type: application/json" \
  -d '{"format":"json","dateRange":"last_7_days"}' \
  | jq -r '.exportJobId')

# Wait for completion
while true; do
  STATUS=$(curl https://api.dashtray.com/api/v1/exports/$EXPORT_ID \
    -H "Authorization: Bearer $API_KEY" \
    | jq -r '.status')

  if [ "$STATUS" = "completed" ]; then
    # Download and save
    DOWNLOAD_URL=$(curl https://api.dashtray.com/api/v1/exports/$EXPORT_ID \
      -H "Authorization: Bearer $API_KEY" \
      | jq -r '.downloadUrl')

    curl -o "backup-$(date +%Y%m%d).json" "$DOWNLOAD_URL"
    break
  fi

  sleep 10
done
