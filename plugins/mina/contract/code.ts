/** What contract/channel.ts compiles to. Made by `npm run contracts:mina`. Do not edit. */

export const CODE = {
  /** The version of o1js that makes and proves it. Another version may give another hash. */
  o1js: '2.15.0',
  /** The hash of the verification key, as accounts on the chain have it. */
  hash: '14974908191301882206825190302804700060713973084063345953075268873331279717085',
  /** The verification key, base64: what `open` puts on the chain. */
  data: [
    'AADV1CupA/6BKy4Os6Ey4W8ltmxQlc9yaFf5rPvcp7cdK3o7VDYQKXUCRKjVjt2L+aqdj3kUZEU2QAf32hx3bIUtlMRQRf4Qx6Zdkwu47mN3jLYwmFnXaD7PS1+BkNICgQ',
    'Nizx+1YtyNXzTqmMe53/e3miQlOWUSBBma6+4kDxVVDcQ2kC5hyIk+FOAWVroC9GvAsXxIXj0xC3p8m7UFzfY8p5jMBuk/lLCPJAfqO4fiDYTExL16rYZHTbjW7nV/iiq9',
    'eI0K6PLoaWIFNx712FT4Apjh6M89Hm8w28aY2JyFNgiLdXjPVH9FiphAeMDukFHyzwDCziXSZO27y64wB1UBQSxMZA5gbsezj1L6/XeX011rS0ms6+u7eaMw28R3uBiYtr',
    'zpieGx7A9Grihxm0XetpEPJj62gg0k3iEiOQdBFaOa7F0BZUjR977u6+Gy/opIs76bkl7lLUDQrnYCRiUvumITNeSC+BIKJKwrzMg9l3YGPoxoZ1zLDeHIhBpUdht/Fx3h',
    'wUhPqjwFxBmRdbK0cv8b/QFY/gw37p1fDNbvAxS6Pg24B6zMeCOpJmviLcrMifOoaDOgIDE7GwE4AX03AHp9iJUGyMgauKVEEZe6Yc/NXyBO3WXIzt9/T7lAVakV4sA8YB',
    'IueJ0EsHTwj5tpICyXHkzxb4ZjxRPUPR1XjyZSurzdN2xuVatq/n/PcR6489qV2ubaQQpK+xC1Ik3RI0U3Cu0y4DIfufTqwf5/CYAUswAS34kQSwFlbXqzvjYE/+lfDIK2',
    'lioneiqgvO9iD7gDLJ74vHlOsIiBeQ+ggT8S9XIgMNoL34zAFJgTsp+Vr6dkhRIE7dKmqOPq/uYLJWe78MYB0N1dtW/E4Fnq9Dbm5q6MGDXaPapJ+2dStwUDTd9KIp7Vwt',
    'dwdCbIon4045pnNnqwWHN/PpY59ulohDxNOoxnROq4vYD/s1XG+1TnNhbiJAeAq7nQmLyZ2qUTLBoaJp3e8UbzW5efWlS1Dvuh7RhBTCw7NIs3Ygxzp+kw+E0sYD5E24te',
    '1pU55zm9rgrovarrxuWPufZw6erKUBPZhYNF4PCQ5cM2JHS/AGlZY9pIcS1izPQZPmboS7AbAeFxKIV7IdcnuRlyR6qEbChmtw/GJ+dtMriN7lTg4rUkr6AWZ9ZB81iJwi',
    'YVrI6haDdVZLB6FedbHxoTnS9mBhKjgu/x1JNDTjtSiG/xa89bMWxPWNlWkGf1dLQfrcihFzhfJ8gNcrNxRk2TdawbpG3uXT/iWRVCLUN9spEIHiIIpnP66uDpC7FPgFlB',
    'W82XI31ZIw1EHPZMaJaJ0K6fwxqAr87Z/ar8D+14FIhqtNMQ8G9E4+Zr8UiasP19KmamOe+Biz6RIj7LKMRdjbPRkKgMumMQlyZnNWm6WP+qyqkwxPohecY5XiH66ueU1Z',
    'k+6y+QaATbFOZoAFL7ajkwnwFXFNzsQaYBt43gzbRGiSE+Mz+54gRucVVsmOMdqpGXAX3pcPbuxwevwkrVQaDdChClr/7W282Tb5t56vXgIqABBj4rd7DJCs7OszptTG6l',
    '7K8jg75++R7LgwXliEwHVzd+9vWKeL5M+M+ZN+pTlJhyRKIrdGlT0HQOJds1R3KOJjYcROQPEhzv8/2o1ZwchAdbjMegMjfjDP0YIcjdwV8+9b66GlKikntJrpj8efz7dE',
    'tmOc4wPwuBtUXsLKEKgBKNuJYECoGF/4lk12/G/q5GOn3rTapb43D2+QdAhiHYCwsz3X9rbIu8gLkb8Q3CPMNh8aK6lW1tSXWkPZM5xH4LU6yHoxRbU/Bu5P6Rbyt1Fwy/',
    'FtcWj1NUSZD2mU7AHCxPbO9NMTHby5znEitKq3/XaYR0QwZjRh3+jy6krw6/PQAi7fXqflLGQqY5Mbw58ek5WwLAN1GojuPxrjyApaZwBI4ocyEN4ZETVN/UPBELvCPVbL',
    '8ilcxFqYD/o1XBxHo95c0935IgMsxaZ1sYiY0/CfdUMOL7gjQ3Pwly8TrIvRIjTX8r7f4Kikx3HEOSZ+ygR9jhBKHzhward/2JSDRxN88ktjJhHpEP6TSyYvjTmmVV9H0A',
    'JCp5lbyrfYKCrccVAvU6MLLNp1g6nr6Xaezl8f3sJJbIXIq1yhz3SwRTtAixjlFHGMewtz658hsLpfgTgSI3Fy0ENJu1Y9/0tZq1HNs53Y+6xr4fG68QbmGzyFuKFmgxHo',
    '/hSfyy1EurDMIwl7sYhFaC/dvLCrjijCdXFsf/VUi2aGvuk95x/QgsRTWl1dAY7fNwoK2QhfqHywaJcE9sOu1QClA63cnvvYgaNEskYGRWF81vWSN+GPGXo78xdNXXTtS/',
    'AUy4oZGxl/8GDBtVmr5ZoTcDPWAqQZe3kIozUUprctsQLSHrkHzRiQo='
  ].join('')
}
