# Weekly backup script
curl -X POST https://api.dashtray.com/api/v1/exports \
  -H "Authorization: Bearer $API_KEY" \
  -d '{
    "format": "json",
    "dateRange": "all_time",
    "includeAll": true
  }'
